package trivium.bt;

/**
 * How much memory the translations of one VM may take, host code and tables about it together: each
 * vCPU has the same share. For any thread.
 */
final class Budget {
    /** What one translation may take beyond a share: it is looked at before each. */
    static final int MARGIN_BYTES = 64 << 10;

    private final long bytes;
    private volatile int vcpus;

    Budget(long bytes) {
        this.bytes = bytes;
    }

    synchronized Budget join() {
        vcpus++;
        return this;
    }

    synchronized void leave() {
        vcpus--;
    }

    /** In bytes, for one vCPU; gets smaller when another one joins. */
    long share() {
        return bytes / Math.max(1, vcpus);
    }
}
