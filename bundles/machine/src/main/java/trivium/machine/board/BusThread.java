package trivium.machine.board;

/**
 * A thread that drives device models: it knows whether it is inside one. A device that reaches
 * registers as a bus master, where a guest pointed its DMA, would take a second device's monitor
 * under its own, and two such could wait for each other for ever: those accesses find nothing.
 */
public class BusThread extends Thread {
    /** {@link #enter}'s answer when the thread is in a device already. */
    public static final BusThread INSIDE = new BusThread(() -> {}, "inside");

    private boolean inside;

    public BusThread(Runnable body, String name) {
        super(body, name);
        setDaemon(true);
    }

    /**
     * @return what to {@link #leave} with: the current thread, null for one of another kind, or
     *     INSIDE
     */
    public static BusThread enter() {
        if (!(Thread.currentThread() instanceof BusThread thread)) {
            return null;
        }
        if (thread.inside) {
            return INSIDE;
        }
        thread.inside = true;
        return thread;
    }

    public static void leave(BusThread entered) {
        if (entered != null && entered != INSIDE) {
            entered.inside = false;
        }
    }
}
