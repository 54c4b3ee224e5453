/** What some tests need of the machine. Absent: skipped by name, or failed under SHOAL_NO_SKIP=1 (CI). */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

/** `test(name, { skip: needsKernelLab() }, …)`: network namespaces, iptables and the right to use them. */
export function needsKernelLab(): string | false {
  if (process.platform !== "linux") return absent("kernel lab: needs Linux");
  if (process.getuid?.() !== 0) return absent("kernel lab: needs root");
  if (!works("ip", "-V")) return absent("kernel lab: needs iproute2 (apt-get install iproute2)");
  if (!works("iptables", "-V")) return absent("kernel lab: needs iptables (apt-get install iptables)");
  return inNamespace((probe) => (probe ? false : absent("kernel lab: may not make network namespaces")));
}

/** Links that two kinds of traffic share by class: what the lab needs, and more of the kernel. */
export function needsLinkClasses(): string | false {
  const reason = needsKernelLab();
  if (reason !== false) return reason;
  if (!works("ethtool", "--version")) return absent("link classes: needs ethtool (apt-get install ethtool)");
  return inNamespace((probe = "") => {
    const runs = (...command: string[]) => works("ip", "netns", "exec", probe, ...command);
    const rule = ["-A", "POSTROUTING", "-p", "tcp", "-j", "CLASSIFY", "--set-class", "1:20"];
    if (!runs("tc", "qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb"))
      return absent("link classes: the kernel has no htb");
    if (!runs("iptables", "-t", "mangle", ...rule))
      return absent("link classes: the kernel's iptables has no CLASSIFY");
    return false;
  });
}

/** `look` gets nothing where no network namespace may be made. */
function inNamespace(look: (probe: string | undefined) => string | false): string | false {
  const probe = `shoal-probe-${process.pid}`;
  if (!works("ip", "netns", "add", probe)) return look(undefined);
  const found = look(probe);
  spawnSync("ip", ["netns", "del", probe]);
  return found;
}

/** A disk of a few pages, to be filled. */
export function needsSmallDisk(): string | false {
  if (process.platform !== "linux") return absent("full disk: needs Linux");
  if (process.getuid?.() !== 0) return absent("full disk: needs root");
  const folder = mkdtempSync(join(tmpdir(), "shoal-probe-"));
  const isMounted = works("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder);
  if (isMounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return isMounted ? false : absent("full disk: may not mount a tmpfs");
}

/** `script` (bsdutils) gives a program a terminal. */
export function needsTerminal(): string | false {
  return works("script", "-qec", "true", "/dev/null") ? false : absent("terminal: needs script(1)");
}

/** A browser for the tests of pages: playwright-core brings none. */
export function needsChromium(): string | false {
  return chromiumPath() ? false : absent("page: needs Chromium (apt-get install chromium)");
}

export function chromiumPath(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  return directories.flatMap((at) => names.map((name) => join(at, name))).find((path) => existsSync(path));
}

/** The second WebRTC stack: an optional package with a native part. */
export function needsWrtc(): string | false {
  try {
    createRequire(import.meta.url)("wrtc");
    return false;
  } catch {
    return absent("wrtc: needs the wrtc package (npm install wrtc@npm:@roamhq/wrtc)");
  }
}

/** Where Debian's Chromium has a graphics card that is a program, and the loader that finds it. */
const swiftShader = "/usr/lib/chromium";

/** For the environment of a process that is to find that card and no other. */
export function softwareAdapter(): Readonly<Record<string, string>> {
  const { LD_LIBRARY_PATH = "" } = process.env;
  return {
    VK_ICD_FILENAMES: join(swiftShader, "vk_swiftshader_icd.json"),
    LD_LIBRARY_PATH: [LD_LIBRARY_PATH, swiftShader].filter(Boolean).join(delimiter),
  };
}

/** WebGPU in Node: an optional package with a native part, and a card for it. */
export function needsWebgpu(): string | false {
  if (!existsSync(join(swiftShader, "vk_swiftshader_icd.json")))
    return absent("webgpu: needs Chromium's software adapter (apt-get install chromium)");
  try {
    import.meta.resolve("webgpu");
    return false;
  } catch {
    return absent("webgpu: needs the webgpu package (npm install webgpu)");
  }
}

/** A TURN server, to be relayed by. */
export function needsCoturn(): string | false {
  return works("turnserver", "--version") ? false : absent("TURN: needs coturn (apt-get install coturn)");
}

/** The real data sets of docs/data.md. */
export function needsData(): string | false {
  return process.env["SHOAL_DATA"]
    ? false
    : absent("real data: needs SHOAL_DATA (npm test -- --data-dir DIR)");
}

function absent(reason: string): string | false {
  return process.env["SHOAL_NO_SKIP"] === "1" ? false : reason;
}
