package trivium.rfb.testing;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Random;
import trivium.rfb.RfbConfig;
import trivium.rfb.RfbServer;

/**
 * A server to try viewers against: colours, a bouncing square, scrolling text, and the last keys
 * and pointer movements it was sent. Arguments: port, and optionally a password.
 */
public final class Demo {
    private static final int WIDTH = 800, HEIGHT = 600;

    private Demo() {}

    public static void main(String[] args) throws Exception {
        System.setProperty("java.awt.headless", "true");
        var screen = new FakeScreen(WIDTH, HEIGHT);
        var target = new FakeTarget(screen);
        target.absolute = !Boolean.getBoolean("relative");
        var config =
                args.length > 1 ? RfbConfig.withPassword(args[1]) : RfbConfig.withoutPassword();
        try (var server = new RfbServer(config, target)) {
            System.out.println("port " + server.bind("127.0.0.1", Integer.parseInt(args[0])));
            server.bindWeb(0);
            System.out.println(server.webLink().orElseThrow());
            var image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
            var random = new Random(1);
            for (int i = 0; ; i++) {
                draw(image, i, random, target, server.clients());
                screen.set(image.getRGB(0, 0, WIDTH, HEIGHT, null, 0, WIDTH), 0xff_ffff);
                Thread.sleep(40);
            }
        }
    }

    private static void draw(
            BufferedImage image, int i, Random random, FakeTarget target, int clients) {
        Graphics2D g = image.createGraphics();
        g.setFont(new Font(Font.MONOSPACED, Font.PLAIN, 14));
        if (i == 0) {
            for (int x = 0; x < WIDTH; x++) {
                g.setColor(Color.getHSBColor(x / (float) WIDTH, 1, 1));
                g.drawLine(x, 0, x, 59);
                int grey = x * 255 / WIDTH;
                g.setColor(new Color(grey, grey, grey));
                g.drawLine(x, 60, x, 99);
            }
        }
        g.setColor(Color.DARK_GRAY);
        g.fillRect(0, 100, WIDTH, 100);
        g.setColor(Color.ORANGE);
        g.fillRect(Math.abs(i * 7 % (2 * (WIDTH - 50)) - (WIDTH - 50)), 125, 50, 50);
        if (i % 5 == 0) {
            g.copyArea(0, 216, WIDTH, HEIGHT - 248, 0, -16);
            g.setColor(Color.BLACK);
            g.fillRect(0, HEIGHT - 48, WIDTH, 16);
            g.setColor(Color.LIGHT_GRAY);
            g.drawString("line " + i + " " + Long.toHexString(random.nextLong()), 8, HEIGHT - 36);
        }
        g.setColor(Color.BLUE);
        g.fillRect(0, HEIGHT - 32, WIDTH, 32);
        g.setColor(Color.WHITE);
        String keys = target.keys();
        g.drawString("keys " + keys.substring(Math.max(0, keys.length() - 80)), 8, HEIGHT - 20);
        var moves = target.moves();
        g.drawString(
                "pointer %s, %d clients".formatted(moves.isEmpty() ? "" : moves.getLast(), clients),
                8,
                HEIGHT - 5);
        g.dispose();
    }
}
