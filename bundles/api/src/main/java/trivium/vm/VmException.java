package trivium.vm;

/**
 * The operator asked for something that cannot be: one sentence with the value and what is valid.
 */
public class VmException extends Exception {
    private static final long serialVersionUID = 1;

    public VmException(String message) {
        super(message);
    }

    public VmException(String message, Throwable cause) {
        super(message, cause);
    }
}
