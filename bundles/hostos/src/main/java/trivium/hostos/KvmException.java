package trivium.hostos;

import java.io.IOException;

/** A refusal of the kernel's. */
public final class KvmException extends IOException {
    private static final long serialVersionUID = 1;
    public static final int ENOENT = 2, EPERM = 1, EACCES = 13, ENOMEM = 12, EINVAL = 22;

    private final int errno;

    KvmException(String what, int errno) {
        super("%s: %s".formatted(what, text(errno)));
        this.errno = errno;
    }

    public int errno() {
        return errno;
    }

    private static String text(int errno) {
        return switch (errno) {
            case EPERM -> "not permitted";
            case ENOENT -> "no such file";
            case ENOMEM -> "out of memory";
            case EACCES -> "permission denied";
            case EINVAL -> "invalid";
            default -> "errno " + errno;
        };
    }
}
