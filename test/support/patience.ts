/**
 * How many times as long as usual tests wait before they give up: DRIVERD_TEST_PATIENCE, 1 where it is not set. On an
 * emulated processor a program takes ten times as long.
 */
export const patience = Number(process.env['DRIVERD_TEST_PATIENCE'] ?? 1);
