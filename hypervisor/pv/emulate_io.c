/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IN, OUT, INS and OUTS of PV guests: allowed where the domain owns the ports
 * (domain->ioports) and the privilege level or the vCPU's I/O bitmap agrees.
 * Domain 0's accesses to PCI configuration go through passthrough/pci.h, because
 * the hypervisor uses the same pair of ports. A repeated string operation
 * stops after a bounded number of elements or when other work waits, and goes
 * on when the guest executes the instruction again.
 */
#include "domain/ioports.h"
#include "domain/privilege.h"
#include "machine/trap.h"
#include "machine/x86.h"
#include "mm/guest_access.h"
#include "passthrough/pci.h"
#include "pv/bounce.h"
#include "pv/emulate.h"
#include "sched/softirq.h"

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA 0xcfc
#define STRING_BATCH 512 /* elements of INS or OUTS in one go: a disk sector by words is 256 */

static u32 port_read(u16 port, unsigned bytes)
{
    switch (bytes) {
    case 1:
        return inb(port);
    case 2:
        return inw(port);
    default:
        return inl(port);
    }
}

static void port_write(u16 port, unsigned bytes, u32 value)
{
    switch (bytes) {
    case 1:
        outb(port, value);
        break;
    case 2:
        outw(port, value);
        break;
    default:
        outl(port, value);
    }
}

static u32 width_mask(unsigned bytes)
{
    return bytes == 4 ? ~0u : (1u << bytes * 8) - 1;
}

/* Whether the guest's current privilege allows port I/O: its kernel always does when its virtual IOPL is 1 or more. */
static bool level_allows(const struct vcpu *v)
{
    return v->pv->iopl >= (v->pv->kernel_mode ? 1 : 3);
}

/* Otherwise the bitmap of the vCPU decides (PHYSDEVOP_set_iobitmap): a clear bit for each port allows. */
static bool bitmap_allows(struct vcpu *v, unsigned port, unsigned bytes)
{
    u8 map[2] = { 0xff, 0xff };
    bool from_user = !v->pv->kernel_mode;
    int rc;

    if (port + bytes > v->pv->iobitmap_ports)
        return false;
    if (from_user) /* the map lies where only the guest kernel's page tables lead */
        pv_toggle_mode(v);
    rc = guest_read(map, v->pv->iobitmap + port / 8, port % 8 + bytes > 8 ? 2 : 1);
    if (from_user)
        pv_toggle_mode(v);
    return !rc && !((map[0] | map[1] << 8) >> port % 8 & (BIT(bytes) - 1));
}

/* The pair of ports for PCI configuration (PCI 3.0 3.2.2.3.2), of which Domain 0 sees a copy. */
static bool is_pci_config(u16 port, unsigned bytes)
{
    if (!domain_may(PRIV_CONTROL, NULL))
        return false;
    return (port == PCI_CONFIG_ADDRESS && bytes == 4) || (port >= PCI_CONFIG_DATA && port + bytes <= PCI_CONFIG_DATA + 4);
}

static u32 pci_config_read(u16 port, unsigned bytes)
{
    u32 cf8 = current_domain()->pv->pci_cf8;

    return port == PCI_CONFIG_ADDRESS ? cf8 : pci_read_cf8(cf8, port - PCI_CONFIG_DATA, bytes);
}

static void pci_config_write(u16 port, unsigned bytes, u32 value)
{
    if (port == PCI_CONFIG_ADDRESS)
        current_domain()->pv->pci_cf8 = value;
    else
        pci_write_cf8(current_domain()->pv->pci_cf8, port - PCI_CONFIG_DATA, bytes, value);
}

static u32 guest_port_read(u16 port, unsigned bytes)
{
    if (is_pci_config(port, bytes))
        return pci_config_read(port, bytes);
    if (!domain_ioports_allowed(current_domain(), port, bytes))
        return width_mask(bytes);
    return port_read(port, bytes);
}

static void guest_port_write(u16 port, unsigned bytes, u32 value)
{
    if (is_pci_config(port, bytes)) {
        pci_config_write(port, bytes, value);
        return;
    }
    if (domain_ioports_allowed(current_domain(), port, bytes))
        port_write(port, bytes, value);
}

static void set_accumulator(struct regs *regs, unsigned bytes, u32 value)
{
    if (bytes == 4)
        regs->rax = value;
    else
        regs->rax = (regs->rax & ~(u64)width_mask(bytes)) | value;
}

/* One element of INS or OUTS at *@index. @return false: a page fault was delivered */
static bool string_element(struct regs *regs, bool out, unsigned bytes, u64 *index)
{
    u32 value = 0;

    if (out) {
        if (guest_read(&value, *index, bytes)) {
            pv_deliver_page_fault(regs, *index, 0);
            return false;
        }
        guest_port_write(regs->rdx, bytes, value);
    } else {
        value = guest_port_read(regs->rdx, bytes);
        if (guest_write(*index, &value, bytes)) {
            pv_deliver_page_fault(regs, *index, PF_WRITE);
            return false;
        }
    }
    *index += regs->rflags & RFLAGS_DF ? -(s64)bytes : bytes;
    return true;
}

static enum emulation string_io(struct regs *regs, const struct insn *i, bool out, unsigned bytes)
{
    u64 *index = out ? &regs->rsi : &regs->rdi;

    if (i->addr32 || (out && (i->segment == 0x64 || i->segment == 0x65)))
        return EMULATION_REFUSED;
    if (!i->rep)
        return string_element(regs, out, bytes, index) ? EMULATION_DONE : EMULATION_RESTART;
    for (unsigned n = 0; regs->rcx != 0; n++) {
        if (n == STRING_BATCH || softirqs_pending() || !string_element(regs, out, bytes, index))
            return EMULATION_RESTART;
        regs->rcx--;
    }
    return EMULATION_DONE;
}

enum emulation pv_emulate_io(struct regs *regs, struct insn *i, u8 op)
{
    unsigned bytes = op & 1 ? (i->op16 ? 2 : 4) : 1;
    bool out = op & 2;
    u16 port = regs->rdx;

    if (op >= 0xe4 && op < 0xec) { /* immediate port */
        u8 imm;

        if (!insn_next(i, &imm))
            return EMULATION_REFUSED;
        port = imm;
    }
    if (!level_allows(current) && !bitmap_allows(current, port, bytes))
        return EMULATION_REFUSED;
    if (op <= 0x6f)
        return string_io(regs, i, out, bytes);
    if (out)
        guest_port_write(port, bytes, regs->rax & width_mask(bytes));
    else
        set_accumulator(regs, bytes, guest_port_read(port, bytes));
    return EMULATION_DONE;
}
