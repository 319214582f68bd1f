/** A forecast with what its readers want to know beside it. */
import type { Forecast } from '../../core/forecast/forecast.ts';
import type { CommitId } from '../../core/model/brand.ts';
import type { Problem } from '../../core/model/problem.ts';
import type { State } from '../../core/model/state.ts';

export type NamedForecast = {
  readonly forecast: Forecast;
  /** What is applied; null without a status. */
  readonly base: CommitId | null;
  /** What is forecast; null: the files as they lie on disk. */
  readonly head: CommitId | null;
  /** IANA name: whose days and hours are shown. */
  readonly zone: string;
  /** Empty without a status. */
  readonly instance: string;
  readonly paused: State['paused'];
  /** Files with errors: their last good version is what is forecast. */
  readonly problems: readonly Problem[];
};
