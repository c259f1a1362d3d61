package trivium.rfb.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import trivium.rfb.protocol.ClientMessage.CutText;
import trivium.rfb.protocol.ClientMessage.EnableContinuousUpdates;
import trivium.rfb.protocol.ClientMessage.Fence;
import trivium.rfb.protocol.ClientMessage.Key;
import trivium.rfb.protocol.ClientMessage.Pointer;
import trivium.rfb.protocol.ClientMessage.QemuKey;
import trivium.rfb.protocol.ClientMessage.SetDesktopSize;
import trivium.rfb.protocol.ClientMessage.SetEncodings;
import trivium.rfb.protocol.ClientMessage.SetPixelFormat;
import trivium.rfb.protocol.ClientMessage.UpdateRequest;
import trivium.rfb.protocol.ClientMessage.Xvp;

class MessageDecoderTest {
    /** One of each, as in the specification's tables. */
    private static final String ALL =
            "00000000 20 18 00 01 00ff 00ff 00ff 10 08 00 000000"
                    + "02 00 0003 00000010 00000000 ffffff21"
                    + "03 01 0001 0002 0003 0004"
                    + "04 01 0000 0000ff0d"
                    + "05 81 0064 00c8"
                    + "06 000000 00000003 61e962"
                    + "96 01 0000 0000 0280 01e0"
                    + "f8 000000 80000003 02 aabb"
                    + "fa 00 01 04"
                    + "fb 00 0400 0300 01 00 00000000 0000 0000 0400 0300 00000000"
                    + "ff 00 0001 00000061 0000001e";

    private final EmbeddedChannel channel = new EmbeddedChannel(new MessageDecoder());

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    private List<Object> read() {
        var messages = new ArrayList<Object>();
        for (Object message; (message = channel.readInbound()) != null; ) {
            messages.add(message);
        }
        return messages;
    }

    private static void checkAll(List<Object> messages) {
        assertThat(messages).hasSize(11);
        assertThat(messages.get(0)).isEqualTo(new SetPixelFormat(PixelFormat.NATURAL));
        assertThat(messages.get(1)).isEqualTo(new SetEncodings(List.of(16, 0, -223)));
        assertThat(messages.get(2)).isEqualTo(new UpdateRequest(true, new Rect(1, 2, 3, 4)));
        assertThat(messages.get(3)).isEqualTo(new Key(true, 0xff0d));
        assertThat(messages.get(4)).isEqualTo(new Pointer(0x81, 100, 200));
        assertThat(messages.get(5)).isEqualTo(new CutText("aéb"));
        assertThat(messages.get(6))
                .isEqualTo(new EnableContinuousUpdates(true, new Rect(0, 0, 640, 480)));
        assertThat(messages.get(7))
                .isInstanceOfSatisfying(
                        Fence.class, f -> assertThat(f.payload()).isEqualTo(bytes("aabb")));
        assertThat(messages.get(8)).isEqualTo(new Xvp(4));
        assertThat(messages.get(9)).isEqualTo(new SetDesktopSize(1024, 768));
        assertThat(messages.get(10)).isEqualTo(new QemuKey(true, 0x61, 0x1e));
    }

    @Test
    void readsAllMessagesInOnePiece() {
        channel.writeInbound(Unpooled.wrappedBuffer(bytes(ALL)));
        checkAll(read());
    }

    @Test
    void readsAllMessagesByteByByte() {
        for (byte b : bytes(ALL)) {
            channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {b}));
        }
        checkAll(read());
    }

    @Test
    void readsLongerPointerEventsOnceTheyAreAgreedUpon() {
        channel.pipeline().get(MessageDecoder.class).expectExtendedMouse();
        channel.writeInbound(Unpooled.wrappedBuffer(bytes("05 81 0001 0002 03 05 01 0003 0004")));
        assertThat(read()).containsExactly(new Pointer(0x81, 1, 2), new Pointer(1, 3, 4));
    }

    @ParameterizedTest
    @CsvSource({
        "02 00 0401", // too many encodings
        "06 000000 80000000", // a length without absolute value
        "06 000000 ffffffff",
        "06 000000 00100001",
        "06 000000 7fffffff",
        "ff 01 0000", // audio
        "01", // no such message
        "00 000000 18 18 00 01 00ff 00ff 00ff 10 08 00 000000"
    })
    void refusesWhatCannotBe(String hex) {
        assertThatThrownBy(() -> channel.writeInbound(Unpooled.wrappedBuffer(bytes(hex))))
                .isInstanceOf(ProtocolException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096, 4097, 70_000, 1 << 20})
    void keepsTheStartOfLongTextAndSkipsTheRest(int length) {
        channel.writeInbound(Unpooled.buffer().writeInt(0x0600_0000).writeInt(length));
        for (int left = length; left > 0; left -= 1000) {
            channel.writeInbound(Unpooled.buffer().writeZero(Math.min(left, 1000)));
        }
        channel.writeInbound(Unpooled.wrappedBuffer(bytes("fa 00 01 02")));
        var messages = read();
        assertThat(messages).hasSize(2).last().isEqualTo(new Xvp(2));
        assertThat(((CutText) messages.getFirst()).text()).hasSize(Math.min(length, 4096));
    }

    @Test
    void skipsFencesThatAreTooLong() {
        ByteBuf fence = Unpooled.buffer().writeInt(0xf800_0000).writeInt(0).writeByte(65);
        channel.writeInbound(fence.writeZero(65).writeBytes(bytes("fa 00 01 02")));
        assertThat(read()).containsExactly(new Xvp(2));
    }

    @Test
    void survivesGarbage() {
        var random = new Random(7);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            var fuzzed = new EmbeddedChannel(new MessageDecoder());
            byte[] garbage = new byte[random.nextInt(200)];
            random.nextBytes(garbage);
            if (garbage.length > 0) {
                int[] types = {0, 2, 3, 4, 5, 6, 150, 248, 250, 251, 255};
                garbage[0] = (byte) types[random.nextInt(types.length)];
            }
            try {
                fuzzed.writeInbound(Unpooled.wrappedBuffer(garbage));
            } catch (DecoderException e) {
                assertThat(e).isInstanceOf(ProtocolException.class);
                refused++;
            }
            fuzzed.close();
        }
        assertThat(refused).isBetween(1000, 19_999);
    }
}
