package trivium.rfb.protocol;

import io.netty.handler.codec.DecoderException;

/** The peer broke the protocol; its connection has to be closed. */
public final class ProtocolException extends DecoderException {
    private static final long serialVersionUID = 1;

    public ProtocolException(String message) {
        super(message);
    }
}
