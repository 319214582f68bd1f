import type { JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';

/** Null for anything but the text of a JSON object; the caller knows what to say of it. */
export function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
