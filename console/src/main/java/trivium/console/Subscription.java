package trivium.console;

/** A registry's or console's subscription whose end fails in no checked way. */
record Subscription(AutoCloseable open) implements AutoCloseable {
    @Override
    public void close() {
        try {
            open.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            throw new IllegalStateException("cannot end a subscription", e);
        }
    }
}
