package trivium.memory;

/**
 * Where translated code finds what {@link PhysicalMemory#readableHost} and {@link
 * PhysicalMemory#writableHost} tell: host addresses of the first levels of two tables. An entry of
 * the first level, 8 bytes, is the host address of a leaf for 16 MiB, or 0; the first level ends at
 * 2 TiB. An entry of a leaf, 8 bytes, is what the method would tell of that page. The A20 gate is
 * not applied.
 */
public record SharedPages(long readable, long writable) {}
