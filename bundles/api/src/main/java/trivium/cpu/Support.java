package trivium.cpu;

/** Whether a strategy can serve on this host. */
public sealed interface Support {
    record Yes() implements Support {}

    /**
     * @param reason one sentence for the operator
     */
    record No(String reason) implements Support {}

    Support YES = new Yes();
}
