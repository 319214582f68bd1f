/** A cron pattern with every wildcard, name, range and step spelled out. Lists ascend without repeats. */
export type CronFields = {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: DayRule;
  /** 1 to 12. */
  readonly months: readonly number[];
  /** Null is every year from `YEAR_MIN` to `YEAR_MAX`. */
  readonly years: readonly number[] | null;
};

/** Days that fit any part of the rule; the other of the two day fields was `?`. */
export type DayRule =
  | {
      readonly kind: 'month-days';
      readonly days: readonly number[];
      /** `L`. */
      readonly last: boolean;
      /** `LW`: the last Monday to Friday. */
      readonly lastWorkday: boolean;
      /** `15W`: the Monday to Friday nearest to the 15th in the same month; a month without that day has none. */
      readonly nearestWorkdays: readonly number[];
    }
  | {
      readonly kind: 'weekdays';
      /** 0 is Sunday, as for `Date`; AWS writes it 1. */
      readonly weekdays: readonly number[];
      /** `TUE#3`. */
      readonly nth: readonly { readonly weekday: number; readonly n: number }[];
      /** `3L`: the last Tuesday of the month. */
      readonly last: readonly number[];
    };

export const YEAR_MIN = 1970;
export const YEAR_MAX = 2199;
