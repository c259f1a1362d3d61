package trivium.rfb.encoding;

import static trivium.rfb.protocol.Encodings.HEXTILE;
import static trivium.rfb.protocol.Encodings.RAW;
import static trivium.rfb.protocol.Encodings.RRE;
import static trivium.rfb.protocol.Encodings.TIGHT;
import static trivium.rfb.protocol.Encodings.ZLIB;
import static trivium.rfb.protocol.Encodings.ZRLE;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * One viewer's encoders, made when they are first used and kept, since their streams last as long
 * as the connection. The first use settles the compression level.
 */
public final class EncoderSet implements AutoCloseable {
    public static final Set<Integer> KNOWN = Set.of(RAW, RRE, HEXTILE, ZLIB, TIGHT, ZRLE);

    private final Map<Integer, RectEncoder> encoders = new HashMap<>();

    /**
     * @param level 0 to 9, the viewer's wish
     */
    public RectEncoder get(int encoding, int level) {
        return encoders.computeIfAbsent(encoding, e -> create(e, level));
    }

    private static RectEncoder create(int encoding, int level) {
        return switch (encoding) {
            case RRE -> new RreEncoder();
            case HEXTILE -> new HextileEncoder();
            case ZLIB -> new ZlibEncoder(level);
            case TIGHT -> new TightEncoder(level);
            case ZRLE -> new ZrleEncoder(level);
            default -> new RawEncoder();
        };
    }

    @Override
    public void close() {
        encoders.values().forEach(RectEncoder::close);
        encoders.clear();
    }
}
