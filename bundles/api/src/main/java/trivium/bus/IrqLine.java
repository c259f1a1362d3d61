package trivium.bus;

/** A wire to an interrupt controller. Level-sensitive: a pulse is raise and lower. Any thread. */
@FunctionalInterface
public interface IrqLine {
    void set(boolean asserted);

    default void raise() {
        set(true);
    }

    default void lower() {
        set(false);
    }

    default void pulse() {
        set(true);
        set(false);
    }
}
