/** Where the browser tells (Chromium): whether the battery is about to be empty. */

/** The part of the Battery Status API that we use; TypeScript's DOM does not know it. */
interface Battery extends EventTarget {
  readonly charging: boolean;
  readonly level: number;
}

const lowLevel = 0.2;

/** Tells changes, and at once when it is low already. */
export async function watchBattery(onChange: (isLow: boolean) => void): Promise<void> {
  const battery = await getBattery();
  if (!battery) return;
  let wasLow = false;
  const look = () => {
    const isLow = !battery.charging && battery.level < lowLevel;
    if (isLow === wasLow) return;
    wasLow = isLow;
    onChange(isLow);
  };
  battery.addEventListener("levelchange", look);
  battery.addEventListener("chargingchange", look);
  look();
}

async function getBattery(): Promise<Battery | undefined> {
  const here: Navigator & { getBattery?: () => Promise<Battery> } = navigator;
  return here.getBattery?.().catch(() => undefined);
}
