/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests about domains: INTRODUCE, RELEASE and friends, of Domain 0 alone. See request.h.
 */
#include <stdlib.h>

#include "domain.h"
#include "record.h"
#include "request.h"

int req_introduce(struct request *r)
{
    const char *args[3];
    unsigned long port;
    long long gfn;
    uint16_t domid;
    char *end;

    if (request_args(r, args, 3) < 3 || parse_domid(args[0], &domid) || !domid) {
        return -EINVAL;
    }
    gfn = strtoll(args[1], &end, 10);    /* signed, says the protocol */
    if (*end || !*args[1]) {
        return -EINVAL;
    }
    port = strtoul(args[2], &end, 10);
    if (*end || !port || port > UINT32_MAX) {
        return -EINVAL;
    }
    return domain_introduce(r->x, domid, (uint64_t)gfn, (unsigned int)port);
}

/* The only argument is the number of a connected domain other than 0. */
static int connected_domain(const struct request *r, struct domain **dom)
{
    const char *arg;
    uint16_t domid;

    if (request_args(r, &arg, 1) != 1 || parse_domid(arg, &domid) || !domid) {
        return -EINVAL;
    }
    *dom = domain_find(r->x, domid);
    return *dom && (*dom)->conn ? 0 : -ENOENT;
}

int req_release(struct request *r)
{
    struct domain *dom;
    int rc = connected_domain(r, &dom);

    if (!rc) {
        domain_release(r->x, dom);
    }
    return rc;
}

int req_resume(struct request *r)
{
    struct domain *dom;
    int rc = connected_domain(r, &dom);

    if (!rc) {
        dom->shutdown = false;
        record_domain(&r->x->journal, dom);
    }
    return rc;
}

int req_set_target(struct request *r)
{
    const char *args[2];
    uint16_t domid, tdomid;
    struct domain *dom, *target;

    if (request_args(r, args, 2) < 2 || parse_domid(args[0], &domid) ||
        parse_domid(args[1], &tdomid)) {
        return -EINVAL;
    }
    dom = domain_find(r->x, domid);
    target = domain_find(r->x, tdomid);
    if (!dom || !dom->conn || !target || !target->conn) {
        return -ENOENT;
    }
    dom->who.target = tdomid;
    record_domain(&r->x->journal, dom);
    return 0;
}

int req_is_introduced(struct request *r)
{
    const char *arg;
    struct domain *dom;
    uint16_t domid;

    if (request_args(r, &arg, 1) != 1 || parse_domid(arg, &domid)) {
        return -EINVAL;
    }
    dom = domain_find(r->x, domid);
    return answer_str(r, domid == DOMID_SELF || (dom && dom->conn) ? "T" : "F");
}

int req_domain_path(struct request *r)
{
    const char *arg;
    char path[24];
    uint16_t domid;

    if (request_args(r, &arg, 1) != 1 || parse_domid(arg, &domid)) {
        return -EINVAL;
    }
    snprintf(path, sizeof(path), "/local/domain/%u", domid);
    return answer_str(r, path);
}
