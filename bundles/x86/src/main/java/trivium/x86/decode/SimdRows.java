package trivium.x86.decode;

import java.util.List;

/** MMX and SSE to SSE4.2 rows. */
final class SimdRows {
    static final List<Row> ROWS = List.of();

    private SimdRows() {}
}
