package trivium.device;

/**
 * Which vCPU an access comes from: all local APICs answer at one address. A vCPU thread binds its
 * index once, when it starts; every other thread counts as vCPU 0.
 */
public final class CurrentVcpu {
    private static final ThreadLocal<Integer> INDEX = new ThreadLocal<>();

    private CurrentVcpu() {}

    /** Called by the machine on the vCPU's own thread before anything runs there. */
    public static void bind(int index) {
        INDEX.set(index);
    }

    public static int index() {
        Integer index = INDEX.get();
        return index == null ? 0 : index;
    }
}
