package trivium.x86.interp;

import trivium.hostos.HostMemory;

/** Updates of plain memory as LOCK makes them. */
final class Atomics {
    private Atomics() {}

    static boolean compareAndSet(long host, int bytes, long old, long value) {
        return switch (bytes) {
            case 1 -> HostMemory.compareAndSetByte(host, (byte) old, (byte) value);
            case 2 -> HostMemory.compareAndSetShort(host, (short) old, (short) value);
            case 4 -> HostMemory.compareAndSetInt(host, (int) old, (int) value);
            default -> HostMemory.compareAndSetLong(host, old, value);
        };
    }

    /** Stores, atomically against {@code old} if locked. @return whether it was stored */
    static boolean store(boolean lock, long host, int bytes, long old, long value) {
        if (lock) {
            return compareAndSet(host, bytes, old, value);
        }
        HostMemory.put(host, bytes, value);
        return true;
    }
}
