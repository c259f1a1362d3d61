package trivium.x86.interp;

import java.util.ArrayList;
import java.util.List;

/** Joins pairs of ops that often come together (compare and jump) into one. */
final class Fusion {
    private static final Op[] NONE = {};

    private Fusion() {}

    static Op[] fuse(List<Op> ops) {
        int n = ops.size();
        if (n >= 2 && ops.get(n - 1) instanceof BranchOps.Jcc jump) {
            Op fused = ops.get(n - 2).fuse(jump);
            if (fused != null) {
                List<Op> shorter = new ArrayList<>(ops.subList(0, n - 2));
                shorter.add(fused);
                return shorter.toArray(NONE);
            }
        }
        return ops.toArray(NONE);
    }
}
