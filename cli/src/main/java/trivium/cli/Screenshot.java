package trivium.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import javax.imageio.ImageIO;
import trivium.display.Frame;

/** Writes a picture of the screen as PNG. */
final class Screenshot {
    private Screenshot() {}

    /**
     * @throws IOException if there is no picture, or the file cannot be written
     */
    static void write(Optional<Frame> picture, Path file) throws IOException {
        Frame frame = picture.orElseThrow(() -> new IOException("the VM had no display"));
        var image = new BufferedImage(frame.width, frame.height, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, frame.width, frame.height, frame.pixels, 0, frame.width);
        if (!ImageIO.write(image, "png", file.toFile())) {
            throw new IOException("this JDK writes no PNG");
        }
    }
}
