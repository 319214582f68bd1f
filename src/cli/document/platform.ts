import type { PlatformType } from '../../core/document/prepared.ts';
import type { Call, Flag } from '../command.ts';
import { usage } from '../command.ts';

export const PLATFORM: Flag = {
  syntax: '--platform <platform>',
  about: 'Linux, Windows or MacOS',
  fallback: 'Linux',
};

const PLATFORMS: readonly PlatformType[] = ['Linux', 'Windows', 'MacOS'];

/** Whatever its case, as preconditions compare it. */
export function platformOf(call: Call): PlatformType {
  const asked = call.text('platform');
  const platform = PLATFORMS.find((each) => each.toLowerCase() === asked.toLowerCase());
  if (platform === undefined)
    throw usage(`--platform is one of ${PLATFORMS.join(', ')}, not ${asked}`);
  return platform;
}
