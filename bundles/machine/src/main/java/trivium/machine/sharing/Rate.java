package trivium.machine.sharing;

/** How many a second, over the last seconds. */
final class Rate {
    private static final long WINDOW_NANOS = 5_000_000_000L;

    private long since = System.nanoTime(), count;
    private double last;

    void add(int more) {
        roll();
        count += more;
    }

    double perSecond() {
        roll();
        double seconds = (System.nanoTime() - since) / 1e9;
        return last > 0 || seconds < 0.1 ? last : count / seconds;
    }

    private void roll() {
        long passed = System.nanoTime() - since;
        if (passed >= WINDOW_NANOS) {
            last = count * 1e9 / passed;
            since += passed;
            count = 0;
        }
    }
}
