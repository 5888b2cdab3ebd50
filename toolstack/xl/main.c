/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl: finds the sub-command, takes the global options, prints help. The table is the list of every
 * sub-command of xl 4.17 (xl.1); those that are not implemented say so.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "xl.h"

#define NOT(name, summary, args) { name, cmd_not_implemented, summary, args, NULL }

const struct xl_command xl_commands[] = {
    { "create", cmd_create, "Create a domain from config file <filename>",
      "<ConfigFile> [options] [vars]",
      "-c                      Connect to the console after the domain is created.\n"
      "-f FILE, --defconfig=FILE\n                        Use the given configuration file.\n"
      "-F                      Run in foreground until death of the domain.\n"
      "-e                      Do not wait in the background for the death of the domain.\n"
      "-n, --dryrun            Check everything, create nothing.\n"
      "-p                      Leave the domain paused after it is created.\n"
      "-q, --quiet             Quiet.\n" },
    { "config-update", cmd_config_update,
      "Update a running domain's saved configuration, used when "
      "rebuilding the domain after reboot.",
      "<Domain> <ConfigFile> [options] [vars]",
      "-f FILE, --defconfig=FILE\n                        Use the given configuration file.\n" },
    { "list", cmd_list, "List information about all/some domains", "[options] [Domain]\n",
      "-l, --long              Output all VM details\n"
      "-v, --verbose           Prints out UUIDs and security context\n"
      "-Z, --context           Prints out security context\n"
      "-c, --cpupool           Prints the cpupool the domain is in\n"
      "-n, --numa              Prints out NUMA node affinity\n" },
    { "destroy", cmd_destroy, "Terminate a domain immediately", "[options] <Domain>",
      "-f                      Permit destroying domain 0, which will only succeed\n"
      "                        when run from disaggregated toolstack domain with a\n"
      "                        hardware domain distinct from domain 0.\n" },
    { "shutdown", cmd_shutdown, "Issue a shutdown signal to a domain", "[options] <-a|Domain>",
      "-a, --all               Shutdown all guest domains.\n"
      "-h                      Print this help.\n"
      "-F                      Fallback to ACPI power event for HVM guests with no PV drivers.\n"
      "-w, --wait              Wait for guest(s) to shutdown.\n" },
    { "reboot", cmd_reboot, "Issue a reboot signal to a domain", "[options] <-a|Domain>",
      "-a, --all               Reboot all guest domains.\n"
      "-h                      Print this help.\n"
      "-F                      Fallback to ACPI reset event for HVM guests with no PV drivers.\n"
      "-w, --wait              Wait for guest(s) to reboot.\n" },
    NOT("pci-attach", "Insert a new pass-through pci device", "<Domain> <BDF> [Virtual Slot]"),
    NOT("pci-detach", "Remove a domain's pass-through pci device", "<Domain> <BDF>"),
    NOT("pci-list", "List pass-through pci devices for a domain", "<Domain>"),
    NOT("pci-assignable-add", "Make a device assignable for pci-passthru", "<BDF>"),
    NOT("pci-assignable-remove", "Remove a device from being assignable", "[options] <BDF>"),
    NOT("pci-assignable-list", "List all the assignable pci devices", ""),
    { "pause", cmd_pause, "Pause execution of a domain", "<Domain>", NULL },
    { "unpause", cmd_unpause, "Unpause a paused domain", "<Domain>", NULL },
    { "console", cmd_console, "Attach to domain's console",
      "[options] <Domain>\n"
      "-t <type>       console type, pv , serial or vuart\n"
      "-n <number>     console number",
      NULL },
    NOT("vncviewer", "Attach to domain's VNC server.", "[--autopass] <Domain>"),
    { "save", cmd_save, "Save a domain state to restore later",
      "[options] <Domain> <CheckpointFile> [<ConfigFile>]",
      "-h                      Print this help.\n"
      "-c                      Leave domain running after creating the snapshot.\n"
      "-p                      Leave domain paused after creating the snapshot.\n" },
    NOT("migrate", "Migrate a domain to another host", "[options] <Domain> <host>"),
    { "restore", cmd_restore, "Restore a domain from a saved state",
      "[options] [<ConfigFile>] <CheckpointFile>",
      "-h                      Print this help.\n"
      "-p                      Do not unpause domain after restoring it.\n"
      "-c                      Connect to the console after the domain is restored.\n"
      "-F                      Run in foreground until death of the domain.\n"
      "-e                      Do not wait in the background for the death of the domain.\n" },
    NOT("migrate-receive", "Restore a domain from a saved state", "- for internal use only"),
    { "suspend", cmd_suspend, "Suspend a domain to RAM", "<Domain>", NULL },
    { "resume", cmd_resume, "Resume a domain from RAM", "<Domain>", NULL },
    { "dump-core", cmd_dump_core, "Core dump a domain", "<Domain> <filename>", NULL },
    NOT("cd-insert", "Insert a cdrom into a guest's cd drive", "<Domain> <VirtualDevice> <path>"),
    NOT("cd-eject", "Eject a cdrom from a guest's cd drive", "<Domain> <VirtualDevice>"),
    { "mem-max", cmd_mem_max, "Set the maximum amount reservation for a domain",
      "<Domain> <MemMB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]|'t'[TB]]>", NULL },
    { "mem-set", cmd_mem_set, "Set the current memory usage for a domain",
      "<Domain> <MemMB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]|'t'[TB]]>", NULL },
    { "button-press", cmd_button_press, "Indicate an ACPI button press to the domain",
      "<Domain> <Button>", "<Button> may be 'power' or 'sleep'.\n" },
    { "vcpu-list", cmd_vcpu_list, "List the VCPUs for all/some domains", "[Domain, ...]", NULL },
    { "vcpu-pin", cmd_vcpu_pin, "Set which CPUs a VCPU can use",
      "[option] <Domain> <VCPU|all> <Hard affinity|-|all> <Soft affinity|-|all>",
      "-f, --force        undo an override pinning done by the kernel\n" },
    { "vcpu-set", cmd_vcpu_set, "Set the number of active VCPUs allowed for the domain",
      "[option] <Domain> <vCPUs>",
      "-i, --ignore-host  Don't limit the vCPU based on the host CPU "
      "count\n" },
    { "vm-list", cmd_vm_list, "List guest domains, excluding dom0, stubdoms, etc.", "", NULL },
    { "info", cmd_info, "Get information about Xen host", "[-n|--numa]",
      "-n, --numa         List host NUMA topology information\n" },
    { "sharing", cmd_sharing, "Get information about page sharing", "[Domain]", NULL },
    { "sched-credit", cmd_sched_credit, "Get/set credit scheduler parameters",
      "[-d <Domain> [-w[=WEIGHT]|-c[=CAP]]] [-s [-t TSLICE] [-r RATELIMIT]] [-p CPUPOOL]",
      "-d DOMAIN, --domain=DOMAIN        Domain to modify\n"
      "-w WEIGHT, --weight=WEIGHT        Weight (int)\n"
      "-c CAP,    --cap=CAP              Cap (int)\n"
      "-s         --schedparam           Query / modify scheduler parameters\n"
      "-t TSLICE, --tslice_ms=TSLICE     Set the timeslice, in milliseconds\n"
      "-r RLIMIT, --ratelimit_us=RLIMIT  Set the scheduling rate limit, in microseconds\n"
      "-m DLY, --migration_delay_us=DLY  Set the migration delay, in microseconds\n"
      "-p CPUPOOL, --cpupool=CPUPOOL     Restrict output to CPUPOOL\n" },
    { "sched-credit2", cmd_sched_credit2, "Get/set credit2 scheduler parameters",
      "[-d <Domain> [-w[=WEIGHT]]] [-p CPUPOOL]",
      "-d DOMAIN, --domain=DOMAIN     Domain to modify\n"
      "-w WEIGHT, --weight=WEIGHT     Weight (int)\n"
      "-c CAP,    --cap=CAP           Cap (int)\n"
      "-s         --schedparam        Query / modify scheduler parameters\n"
      "-r RLIMIT, --ratelimit_us=RLIMIT Set the scheduling rate limit, in microseconds\n"
      "-p CPUPOOL, --cpupool=CPUPOOL  Restrict output to CPUPOOL\n" },
    { "sched-rtds", cmd_sched_rtds, "Get/set rtds scheduler parameters",
      "[-d <Domain> [-v[=VCPUID/all]] [-p[=PERIOD]] [-b[=BUDGET]] [-e[=Extratime]]]", NULL },
    { "domid", cmd_domid, "Convert a domain name to domain id", "<DomainName>", NULL },
    { "domname", cmd_domname, "Convert a domain id to domain name", "<DomainId>", NULL },
    { "rename", cmd_rename, "Rename a domain", "<Domain> <NewDomainName>", NULL },
    { "trigger", cmd_trigger, "Send a trigger to a domain",
      "<Domain> <nmi|reset|init|power|sleep|s3resume> [<VCPU>]", NULL },
    { "sysrq", cmd_sysrq, "Send a sysrq to a domain", "<Domain> <letter>", NULL },
    { "debug-keys", cmd_debug_keys, "Send debug keys to Xen", "<Keys>", NULL },
    { "set-parameters", cmd_set_parameters, "Set hypervisor parameters", "<Params>", NULL },
    { "dmesg", cmd_dmesg, "Read and/or clear dmesg buffer", "[-c]",
      "-c, --clear               Clear dmesg buffer as well as printing it\n" },
    { "top", cmd_top, "Monitor a host and the domains in real time", "", NULL },
    { "network-attach", cmd_network_attach, "Create a new virtual network device",
      "<Domain> [type=<type>] [mac=<mac>] [bridge=<bridge>] [ip=<ip>] [script=<script>] "
      "[backend=<BackDomain>] [vifname=<name>] [rate=<rate>] [model=<model>] [accel=<accel>]",
      NULL },
    { "network-list", cmd_network_list, "List virtual network interfaces for a domain",
      "<Domain(s)>", NULL },
    { "network-detach", cmd_network_detach, "Destroy a domain's virtual network device",
      "<Domain> <DevId|mac>", NULL },
    { "channel-list", cmd_channel_list, "List virtual channel devices for a domain", "<Domain(s)>",
      NULL },
    { "block-attach", cmd_block_attach, "Create a new virtual block device",
      "<Domain> <disk-spec-component(s)>...", NULL },
    { "block-list", cmd_block_list, "List virtual block devices for a domain", "<Domain(s)>",
      NULL },
    { "block-detach", cmd_block_detach, "Destroy a domain's virtual block device",
      "[option] <Domain> <DevId>",
      "--force        forcefully remove device, which may cause IO errors in the domain\n" },
    NOT("vtpm-attach", "Create a new virtual TPM device", "<Domain> [uuid=<uuid>] [backend=<b>]"),
    NOT("vtpm-list", "List virtual TPM devices for a domain", "<Domain(s)>"),
    NOT("vtpm-detach", "Destroy a domain's virtual TPM device", "<Domain> <DevId|uuid>"),
    NOT("vkb-attach", "Create a new virtual keyboard device", "<Domain> <vkb-spec>..."),
    NOT("vkb-list", "List virtual keyboard devices for a domain", "<Domain(s)>"),
    NOT("vkb-detach", "Destroy a domain's virtual keyboard device", "<Domain> <DevId>"),
    NOT("vdispl-attach", "Create a new virtual display device", "<Domain> [backend=<b>] ..."),
    NOT("vdispl-list", "List virtual display devices for a domain", "<Domain(s)>"),
    NOT("vdispl-detach", "Destroy a domain's virtual display device", "<Domain> <DevId>"),
    NOT("vsnd-attach", "Create a new virtual sound device", "<Domain> <vsnd-spec>..."),
    NOT("vsnd-list", "List virtual display devices for a domain", "<Domain(s)>"),
    NOT("vsnd-detach", "Destroy a domain's virtual sound device", "<Domain> <DevId>"),
    { "uptime", cmd_uptime, "Print uptime for all/some domains", "[-s] [Domain]", NULL },
    { "claims", cmd_claims, "List outstanding claim information about all domains", "", NULL },
    { "cpupool-create", cmd_cpupool_create, "Create a new CPU pool",
      "[options] [<ConfigFile>] [Variable=value ...]",
      "-f FILE, --defconfig=FILE      Use the given configuration file.\n" },
    { "cpupool-list", cmd_cpupool_list, "List CPU pools on host", "[-c|--cpus] [<CPU Pool>]",
      "-c, --cpus                     Output list of CPUs used by a pool\n" },
    { "cpupool-destroy", cmd_cpupool_destroy, "Deactivates a CPU pool", "<CPU Pool>", NULL },
    { "cpupool-rename", cmd_cpupool_rename, "Renames a CPU pool", "<CPU Pool> <new name>", NULL },
    { "cpupool-cpu-add", cmd_cpupool_cpu_add, "Adds a CPU to a CPU pool", "<CPU Pool> <CPU range>",
      NULL },
    { "cpupool-cpu-remove", cmd_cpupool_cpu_remove, "Removes a CPU from a CPU pool",
      "<CPU Pool> <CPU range>", NULL },
    { "cpupool-migrate", cmd_cpupool_migrate, "Moves a domain into a CPU pool",
      "<Domain> <CPU Pool>", NULL },
    { "cpupool-numa-split", cmd_cpupool_numa_split,
      "Splits up the machine into one CPU pool per "
      "NUMA node",
      "", NULL },
    NOT("getenforce", "Returns the current enforcing mode of the Flask Xen security module", ""),
    NOT("setenforce", "Sets the current enforcing mode of the Flask Xen security module",
        "<1|0|Enforcing|Permissive>"),
    NOT("loadpolicy", "Loads a new policy into the Flask Xen security module", "<policy file>"),
    NOT("remus", "Enable Remus HA for domain", "[options] <Domain> [<host>]"),
    NOT("devd", "Daemon that listens for devices and launches backends", "[options]"),
    NOT("psr-hwinfo", "Show hardware information for Platform Shared Resource", "[options]"),
    NOT("psr-cmt-attach", "Attach Cache Monitoring Technology service to a domain", "<Domain>"),
    NOT("psr-cmt-detach", "Detach Cache Monitoring Technology service from a domain", "<Domain>"),
    NOT("psr-cmt-show", "Show Cache Monitoring Technology information", "<PSR-CMT-Type> <Domain>"),
    NOT("psr-cat-set", "Set cache capacity bitmasks(CBM) for a domain", "[options] <Domain> <CBM>"),
    NOT("psr-cat-show", "Show Cache Allocation Technology information", "[options] <Domain>"),
    NOT("psr-mba-set", "Set throttling value (THRTL) for a domain", "[options] <Domain> <THRTL>"),
    NOT("psr-mba-show", "Show Memory Bandwidth Allocation information", "[options] <Domain>"),
    NOT("usbctrl-attach", "Create a virtual USB controller for a domain", "<Domain> [type=<t>]"),
    NOT("usbctrl-detach", "Remove the virtual USB controller specified by <DevId> for a domain",
        "<Domain> <DevId>"),
    NOT("usbdev-attach", "Attach a USB device to a domain", "<Domain> hostbus=<b> hostaddr=<a>"),
    NOT("usbdev-detach", "Detach a USB device from a domain", "<Domain> <controller> <port>"),
    NOT("usb-list", "List information about all USB controllers and devices for a domain",
        "<Domain>"),
    NOT("qemu-monitor-command", "Issue a qemu monitor command to the device model of a domain",
        "<Domain> <Command>"),
    { "autostart", cmd_autostart, "Start or stop the guests of /etc/xen/auto",
      "start|stop [-d <Folder>] [-t <Seconds>]",
      "-d FOLDER                 Folder of the configurations (/etc/xen/auto)\n"
      "-t SECONDS                How long a guest may take to shut down (60)\n" },
    { "help", cmd_help, "Show this list, or the options of a sub-command", "[--long] [command]",
      NULL },
};

const unsigned int xl_n_commands = sizeof(xl_commands) / sizeof(xl_commands[0]);

/* An abbreviation will do if only one command starts with it. */
const struct xl_command *xl_command_find(const char *name)
{
    const struct xl_command *found = NULL;

    for (unsigned int i = 0; i < xl_n_commands; i++) {
        if (!strcmp(name, xl_commands[i].name))
            return &xl_commands[i];
        if (!strncmp(name, xl_commands[i].name, strlen(name))) {
            if (found)
                return NULL;
            found = &xl_commands[i];
        }
    }
    return found;
}

static void print_usage(FILE *f, const struct xl_command *c)
{
    fprintf(f, "Usage: xl [-vtTf] %s %s\n\n%s.\n\n", c->name, c->arguments, c->summary);
    if (c->options)
        fprintf(f, "Options:\n\n%s\n", c->options);
}

int xl_usage(const char *name)
{
    const struct xl_command *c = xl_command_find(name);

    if (c)
        print_usage(stdout, c);
    return EXIT_USAGE;
}

int xl_need_args(const char *name, int argc, int optind_now, int least)
{
    if (argc - optind_now >= least)
        return 0;
    fprintf(stderr, "'xl %s' requires at least %d argument%s.\n\n", name, least,
            least > 1 ? "s" : "");
    return xl_usage(name);
}

int cmd_help(struct xl *xl, int argc, char **argv)
{
    const struct xl_command *c = argc > 1 ? xl_command_find(argv[1]) : NULL;

    (void)xl;
    if (c) {
        print_usage(stdout, c);
        return EXIT_SUCCESS;
    }
    printf("Usage xl [-vfNtT] <subcommand> [args]\n\nxl full list of subcommands:\n\n");
    for (unsigned int i = 0; i < xl_n_commands; i++) {
        const char *name = xl_commands[i].name;

        printf(strlen(name) > 19 ? " %s \n                     %s\n" : " %-19s %s\n", name,
               xl_commands[i].summary);
    }
    return EXIT_SUCCESS;
}

int cmd_not_implemented(struct xl *xl, int argc, char **argv)
{
    (void)xl;
    (void)argc;
    return xl_error("%s is not implemented in this version: docs/compatibility.md lists what is",
                    argv[0]);
}

int main(int argc, char **argv)
{
    struct xl xl = { .hv.privcmd = -1 };
    const struct xl_command *command;
    int c, rc;

    while ((c = getopt(argc, argv, "+vftTN")) != -1) {
        switch (c) {
        case 'v': xl.verbose = true; break;
        case 'N': xl.dry_run = true; break;
        case 'f': xl.force = true; break;
        case 'T': xl.timestamps = true; break;
        case 't': break;
        default:
            fprintf(stderr, "unknown global option\n");
            return EXIT_USAGE;
        }
    }
    if (optind >= argc) {
        char *help[] = { "help", NULL };

        cmd_help(&xl, 1, help);
        return EXIT_FAILURE;
    }
    command = xl_command_find(argv[optind]);
    if (!command) {
        fprintf(stderr, "command not implemented\n");
        return EXIT_FAILURE;
    }
    argc -= optind;
    argv += optind;
    optind = 1;
    rc = command->run(&xl, argc, argv);
    xl_close(&xl);
    return rc;
}
