package trivium.rfb.encoding;

import io.netty.buffer.ByteBuf;

/** Encodes rectangles for one viewer. One thread at a time; some keep a stream for life. */
public interface RectEncoder extends AutoCloseable {
    /**
     * Appends what follows the rectangle's header.
     *
     * @return number of the encoding used: the encoder's own, or Raw where that is shorter
     */
    int encode(PixelBlock block, PixelWriter writer, ByteBuf out);

    @Override
    default void close() {}
}
