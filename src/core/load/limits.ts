/** What a repository may ask of us (spec/reliability-security.md §9); each has a test at the limit and one beyond. */
export const FILE_BYTES_MAX = 256 * 1024;
export const SETTINGS_BYTES_MAX = 1024 * 1024;
export const FILES_MAX = 20_000;
export const TOTAL_BYTES_MAX = 64 * 1024 * 1024;
export const DEPTH_MAX = 32;
export const NODES_MAX = 50_000;
export const SCALAR_CHARS_MAX = 128 * 1024;
/** Per file; beyond, one more problem says that there are more. */
export const PROBLEMS_PER_FILE_MAX = 100;
