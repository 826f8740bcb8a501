import { describe, expect, test } from "bun:test";
import { KernelFiles } from "../../../src/system/kernel-files.ts";
import { detectContainer, detectHypervisor } from "../../../src/system/surroundings.ts";
import { ARM_BOARD, removeRootsAfterwards, rootOf, type Tree, X86_SERVER } from "./tree.ts";

removeRootsAfterwards();

const files = (...trees: Tree[]) => new KernelFiles(rootOf(...trees));

const mounted = (...lines: string[]): Tree => ({
  "proc/self/cgroup": "0::/\n",
  "proc/self/mountinfo": `${lines.join("\n")}\n`,
});
const ON_DISK = "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw";
const OVERLAY = "27 1 0:40 / / rw,relatime - overlay overlay rw,lowerdir=/layers/1,upperdir=/layers/2";
/** As a container of Docker with its own cgroup namespace sees it. */
const HOSTNAME = `30 27 8:1 /data/containers/${"0f".repeat(32)}/hostname /etc/hostname rw - ext4 /dev/sda1 rw`;

describe("a container", () => {
  test.each<[string, Tree]>([
    ["docker", { ".dockerenv": "", ...mounted(OVERLAY) }],
    ["docker", { ".dockerenv": "", ...mounted(OVERLAY, HOSTNAME) }],
    ["docker", mounted("27 1 0:9 / / rw - zfs pool/1 rw", HOSTNAME)],
    ["docker", mounted(OVERLAY.replaceAll("/layers", "/var/lib/docker/overlay2"))],
    ["podman", mounted(OVERLAY.replaceAll("/layers", "/var/lib/containers/storage/overlay"))],
    ["kubernetes", mounted(OVERLAY, "31 27 8:1 /var/lib/kubelet/pods/1/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw")],
    [
      "containerd",
      mounted(OVERLAY.replaceAll("/layers", "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs")),
    ],
    // A virtual machine made from an image: Docker's mark alone proves nothing.
    ["none", { ".dockerenv": "", ...mounted(ON_DISK) }],
    ["unknown", { ".dockerenv": "", ...mounted("27 1 0:9 / / rw - 9p none rw") }],
    ["unknown", { ".dockerenv": "", "proc/self/cgroup": "0::/\n" }],
    ["lxc", { ".dockerenv": "", "run/systemd/container": "lxc\n", ...mounted(ON_DISK) }],
    // A host that runs a container.
    ["none", mounted(ON_DISK, OVERLAY.replace(" / / ", " / /var/lib/docker/overlay2/1/merged "))],
    ["none", mounted(OVERLAY)],
    ["podman", { "run/.containerenv": 'engine="podman-4.3"\n', "proc/self/cgroup": "0::/\n" }],
    ["kubernetes", { "proc/self/cgroup": "0::/kubepods.slice/kubepods-burstable.slice/docker-1.scope\n" }],
    ["docker", { "proc/self/cgroup": "4:cpu:/docker/4f2a\n" }],
    ["containerd", { "proc/1/cgroup": "0::/system.slice/containerd.service/x\n" }],
    ["lxc", { "proc/self/cgroup": "0::/lxc.payload.web\n" }],
    ["systemd-nspawn", { "run/systemd/container": "systemd-nspawn\n", "proc/self/cgroup": "0::/\n" }],
    ["flatpak", { "run/host/container-manager": "flatpak\n" }],
    ["lxc", { "proc/1/environ": "TERM=linux\0container=lxc\0", "proc/self/cgroup": "0::/\n" }],
    ["none", { "proc/self/cgroup": "0::/user.slice\n" }],
    ["unknown", {}],
  ])("is %s", (name, tree) => {
    expect(detectContainer(files(tree))).toBe(name);
  });
});

describe("a hypervisor", () => {
  const flags = (list: string): Tree => ({ "proc/cpuinfo": `processor : 0\nflags\t\t: fpu ${list} tsc\n` });

  test.each<[string, Tree]>([
    ["none", X86_SERVER],
    ["unknown", ARM_BOARD],
    ["unknown", {}],
    ["yes", flags("hypervisor")],
    ["kvm", { ...flags("hypervisor"), "sys/class/dmi/id/product_name": "KVM\n" }],
    ["vmware", { ...flags("hypervisor"), "sys/class/dmi/id/sys_vendor": "VMware, Inc.\n" }],
    ["amazon", { "sys/class/dmi/id/sys_vendor": "Amazon EC2\n", "sys/class/dmi/id/product_name": "c6g.large\n" }],
    ["none", { "sys/class/dmi/id/sys_vendor": "Amazon EC2\n", "sys/class/dmi/id/product_name": "c6g.metal\n" }],
    [
      "microsoft",
      {
        "sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n",
        "sys/class/dmi/id/product_name": "Virtual Machine\n",
      },
    ],
    [
      "kvm",
      {
        ...flags("hypervisor"),
        "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc kvm-clock\n",
      },
    ],
    ["xen", { "sys/hypervisor/type": "xen\n" }],
    ["kvm", { ...ARM_BOARD, "proc/device-tree/hypervisor/compatible": "linux,kvm\0" }],
    ["none", { ...ARM_BOARD, "sys/class/dmi/id/sys_vendor": "GIGABYTE\n" }],
  ])("is %s", (name, tree) => {
    expect(detectHypervisor(files(tree))).toBe(name);
  });
});
