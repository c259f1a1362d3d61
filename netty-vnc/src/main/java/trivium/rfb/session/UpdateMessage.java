package trivium.rfb.session;

import io.netty.buffer.ByteBuf;
import trivium.rfb.protocol.Rect;

/** A FramebufferUpdate in the making, RFC 6143 §7.6.1: counts its rectangles. */
final class UpdateMessage {
    private static final int TYPE = 0, COUNT_OFFSET = 2, ENCODING_OFFSET = 8;

    private final ByteBuf out;
    private final int start;
    private int rectangles;

    UpdateMessage(ByteBuf out) {
        this.out = out;
        start = out.writerIndex();
        out.writeByte(TYPE).writeZero(3);
    }

    /** Starts a rectangle; its contents follow in the buffer returned. */
    ByteBuf rectangle(Rect r, int encoding) {
        rectangles++;
        out.writeShort(r.x()).writeShort(r.y()).writeShort(r.width()).writeShort(r.height());
        return out.writeInt(encoding);
    }

    /** Corrects the encoding of the rectangle whose header starts at an index. */
    void setEncoding(int headerAt, int encoding) {
        out.setInt(headerAt + ENCODING_OFFSET, encoding);
    }

    int position() {
        return out.writerIndex();
    }

    boolean isEmpty() {
        return rectangles == 0;
    }

    void finish() {
        out.setShort(start + COUNT_OFFSET, rectangles);
    }
}
