package trivium.rfb.testing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * A small RFB client for tests: logs in, asks for updates and keeps the picture, in values of its
 * own pixel format (0x00RRGGBB unless changed). One thread.
 */
public final class RfbClient implements AutoCloseable {
    /** A rectangle that came, with the number of its encoding. */
    public record Received(int x, int y, int width, int height, int encoding) {}

    private final Socket socket;
    public final DataInputStream in;
    public final DataOutputStream out;
    private final RectDecoder decoder = new RectDecoder();
    private ClientFormat format = ClientFormat.RGB888;
    private int width;
    private int height;
    private int[] pixels = new int[0];
    private String name = "";
    public int leds = -1;
    public int pointerMode = -1;
    public int colourMapEntries;
    public int endsOfContinuousUpdates;
    public int fences;
    public int xvp = -1;
    public int lastSizeStatus = -1;
    public boolean answerFences = true;

    public RfbClient(String host, int port) throws IOException {
        socket = new Socket(host, port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(20_000);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
    }

    /** A client on some other stream of bytes. */
    public RfbClient(InputStream from, OutputStream to) {
        socket = new Socket();
        in = new DataInputStream(from);
        out = new DataOutputStream(new BufferedOutputStream(to));
    }

    /** Connects and logs in with version 3.8. An empty password means security None. */
    public static RfbClient login(String host, int port, String password) throws IOException {
        var client = new RfbClient(host, port);
        client.login(8, password);
        return client;
    }

    public void login(int minor, String password) throws IOException {
        login(minor, password, true);
    }

    public void login(int minor, String password, boolean shared) throws IOException {
        in.readNBytes(12);
        out.write("RFB 003.%03d\n".formatted(minor).getBytes(StandardCharsets.US_ASCII));
        out.flush();
        int type = minor == 3 ? in.readInt() : chooseType(password);
        if (type == 0) {
            throw new IOException("refused: " + reason());
        }
        if (type == 2) {
            out.write(response(password, in.readNBytes(16)));
            out.flush();
        }
        if (type == 2 || minor >= 8) {
            if (in.readInt() != 0) {
                throw new IOException("failed: " + (minor >= 8 ? reason() : ""));
            }
        }
        out.writeBoolean(shared);
        out.flush();
        readInit();
    }

    private int chooseType(String password) throws IOException {
        int count = in.readUnsignedByte();
        if (count == 0) {
            return 0;
        }
        byte[] types = in.readNBytes(count);
        int wanted = password.isEmpty() ? 1 : 2;
        for (byte type : types) {
            if (type == wanted) {
                out.writeByte(wanted);
                out.flush();
                return wanted;
            }
        }
        throw new IOException("security type " + wanted + " is not offered");
    }

    public String reason() throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }

    public static byte[] response(String password, byte[] challenge) {
        try {
            byte[] key = new byte[8];
            for (int i = 0; i < Math.min(8, password.length()); i++) {
                for (int bit = 0; bit < 8; bit++) {
                    key[i] |= (byte) ((password.charAt(i) >> bit & 1) << 7 - bit);
                }
            }
            Cipher cipher = Cipher.getInstance("DES/ECB/NoPadding");
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "DES"));
            return cipher.doFinal(challenge);
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** ServerInit. */
    public void readInit() throws IOException {
        resize(in.readUnsignedShort(), in.readUnsignedShort());
        in.readNBytes(16);
        name = new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }

    private void resize(int newWidth, int newHeight) {
        width = newWidth;
        height = newHeight;
        pixels = new int[width * height];
    }

    public int width() {
        return width;
    }

    public int height() {
        return height;
    }

    /** The picture: values of the client's format, row by row. */
    public int[] pixels() {
        return pixels;
    }

    public String name() {
        return name;
    }

    public void setFormat(ClientFormat newFormat) throws IOException {
        format = newFormat;
        out.writeInt(0);
        format.write(out);
        out.flush();
    }

    public void setEncodings(int... encodings) throws IOException {
        out.writeShort(0x0200);
        out.writeShort(encodings.length);
        for (int encoding : encodings) {
            out.writeInt(encoding);
        }
        out.flush();
    }

    public void request(boolean incremental) throws IOException {
        request(incremental, 0, 0, width, height);
    }

    public void request(boolean incremental, int x, int y, int w, int h) throws IOException {
        out.writeByte(3);
        out.writeBoolean(incremental);
        writeRect(x, y, w, h);
        out.flush();
    }

    private void writeRect(int x, int y, int w, int h) throws IOException {
        out.writeShort(x);
        out.writeShort(y);
        out.writeShort(w);
        out.writeShort(h);
    }

    public void continuousUpdates(boolean on) throws IOException {
        out.writeByte(150);
        out.writeBoolean(on);
        writeRect(0, 0, width, height);
        out.flush();
    }

    public void key(boolean down, int keysym) throws IOException {
        out.writeByte(4);
        out.writeBoolean(down);
        out.writeShort(0);
        out.writeInt(keysym);
        out.flush();
    }

    /** Presses and releases the key of each character; a line feed is Return. */
    public void type(String text) throws IOException {
        for (char c : text.toCharArray()) {
            int keysym = c == '\n' ? 0xff0d : c;
            key(true, keysym);
            key(false, keysym);
        }
    }

    public void qemuKey(boolean down, int keysym, int keycode) throws IOException {
        out.writeShort(0xff00);
        out.writeShort(down ? 1 : 0);
        out.writeInt(keysym);
        out.writeInt(keycode);
        out.flush();
    }

    public void pointer(int buttons, int x, int y) throws IOException {
        out.writeByte(5);
        out.writeByte(buttons);
        out.writeShort(x);
        out.writeShort(y);
        out.flush();
    }

    public void fence(int flags, byte... payload) throws IOException {
        out.writeInt(0xf800_0000);
        out.writeInt(flags);
        out.writeByte(payload.length);
        out.write(payload);
        out.flush();
    }

    /** Reads messages until a FramebufferUpdate has been taken in. */
    public List<Received> readUpdate() throws IOException {
        while (true) {
            int type = in.readUnsignedByte();
            if (type == 0) {
                return readRectangles();
            }
            readOther(type);
        }
    }

    /** Reads one message; empty if it was no update. */
    public List<Received> readMessage() throws IOException {
        int type = in.readUnsignedByte();
        if (type == 0) {
            return readRectangles();
        }
        readOther(type);
        return List.of();
    }

    private void readOther(int type) throws IOException {
        switch (type) {
            case 1 -> {
                in.readNBytes(3);
                colourMapEntries = in.readUnsignedShort();
                in.readNBytes(6 * colourMapEntries);
            }
            case 150 -> endsOfContinuousUpdates++;
            case 248 -> {
                in.readNBytes(3);
                int flags = in.readInt();
                byte[] payload = in.readNBytes(in.readUnsignedByte());
                fences++;
                if (flags < 0 && answerFences) {
                    fence(flags & 7, payload);
                }
            }
            case 250 -> {
                in.readNBytes(2);
                xvp = in.readUnsignedByte();
            }
            default -> throw new IOException("message type " + type);
        }
    }

    private List<Received> readRectangles() throws IOException {
        in.readByte();
        int count = in.readUnsignedShort();
        var received = new ArrayList<Received>(count);
        for (int i = 0; i < count; i++) {
            var r =
                    new Received(
                            in.readUnsignedShort(),
                            in.readUnsignedShort(),
                            in.readUnsignedShort(),
                            in.readUnsignedShort(),
                            in.readInt());
            received.add(r);
            readRectangle(r);
        }
        return received;
    }

    private void readRectangle(Received r) throws IOException {
        switch (r.encoding) {
            case 1 -> copy(r, in.readUnsignedShort(), in.readUnsignedShort());
            case -223 -> resize(r.width, r.height);
            case -308 -> extendedSize(r);
            case -239 ->
                    in.readNBytes(
                            r.width * r.height * format.bytes() + (r.width + 7) / 8 * r.height);
            case -314 -> in.readNBytes(4 + r.width * r.height * 4);
            case -257 -> pointerMode = r.x;
            case -258, -316 -> {}
            case -261 -> leds = in.readUnsignedByte();
            case -307 -> name = reason();
            default -> put(r, decoder.decode(r.encoding, r.width, r.height, format, in));
        }
    }

    private void extendedSize(Received r) throws IOException {
        int screens = in.readUnsignedByte();
        in.readNBytes(3 + 16 * screens);
        if (screens < 1) {
            throw new IOException("no screens");
        }
        lastSizeStatus = r.y;
        if (r.width != width || r.height != height) {
            resize(r.width, r.height);
        }
    }

    private void copy(Received r, int fromX, int fromY) throws IOException {
        int[] source = pixels.clone();
        if (fromX + r.width > width || fromY + r.height > height) {
            throw new IOException("CopyRect from outside");
        }
        for (int y = 0; y < r.height; y++) {
            int from = (fromY + y) * width + fromX;
            System.arraycopy(source, from, pixels, (r.y + y) * width + r.x, r.width);
        }
    }

    private void put(Received r, int[] decoded) throws IOException {
        if (decoded == null || r.x + r.width > width || r.y + r.height > height) {
            throw new IOException("cannot show " + r);
        }
        for (int y = 0; y < r.height; y++) {
            System.arraycopy(decoded, y * r.width, pixels, (r.y + y) * width + r.x, r.width);
        }
    }

    /** Asks for updates until the client is as it should be. @return false after the time is up */
    public boolean await(Duration patience, Predicate<RfbClient> condition) throws IOException {
        long end = System.nanoTime() + patience.toNanos();
        while (!condition.test(this)) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            request(true);
            socket.setSoTimeout((int) Math.max(1, (end - System.nanoTime()) / 1_000_000));
            try {
                readUpdate();
            } catch (java.net.SocketTimeoutException e) {
                return condition.test(this);
            } finally {
                socket.setSoTimeout(20_000);
            }
        }
        return true;
    }

    public Socket socket() {
        return socket;
    }

    /** Everything written by an action, as bytes. */
    public static byte[] bytes(IoAction action) throws IOException {
        var bytes = new ByteArrayOutputStream();
        action.run(new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    /** Writes something. */
    public interface IoAction {
        void run(DataOutputStream out) throws IOException;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
