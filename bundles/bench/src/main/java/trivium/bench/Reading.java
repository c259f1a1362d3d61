package trivium.bench;

/**
 * One run of a kernel.
 *
 * @param cpuSeconds of the vCPU's thread, or of the native process
 * @param wallSeconds on the clock; NaN if it was not measured
 */
record Reading(double cpuSeconds, double wallSeconds, int checksum) {}
