/**
 * Whether there is a Vulkan driver at all. Asked before Dawn is loaded, because it tells the terminal at
 * length when there is none. The places are those of the Vulkan loader:
 * https://github.com/KhronosGroup/Vulkan-Loader/blob/main/docs/LoaderDriverInterface.md
 */
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export const noGraphicsDriver = "no Vulkan driver is installed for a graphics card";

/** Set by those who know where their driver is. */
const chosen = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES"];

/** Only Linux needs one: elsewhere Dawn uses Metal or Direct3D. */
export function hasGraphicsDriver(): boolean {
  if (process.platform !== "linux") return true;
  return chosen.some((name) => process.env[name]) || folders().some(hasManifest);
}

function folders(): string[] {
  const { XDG_DATA_DIRS = "", XDG_CONFIG_DIRS = "" } = process.env;
  const own = [join(homedir(), ".config"), join(homedir(), ".local/share")];
  const named = [...XDG_CONFIG_DIRS.split(delimiter), ...XDG_DATA_DIRS.split(delimiter)];
  const usual = ["/etc", "/etc/xdg", "/usr/local/etc", "/usr/local/share", "/usr/share"];
  return [...own, ...named, ...usual].filter(Boolean).map((folder) => join(folder, "vulkan/icd.d"));
}

function hasManifest(folder: string): boolean {
  try {
    return readdirSync(folder).some((file) => file.endsWith(".json"));
  } catch {
    return false;
  }
}
