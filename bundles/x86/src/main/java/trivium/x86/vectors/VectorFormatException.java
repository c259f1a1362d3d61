package trivium.x86.vectors;

import java.io.IOException;

/** A vector file that is not what its format says: truncated, corrupt or of an unknown kind. */
public final class VectorFormatException extends IOException {
    private static final long serialVersionUID = 1;

    public VectorFormatException(String message) {
        super(message);
    }

    public VectorFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
