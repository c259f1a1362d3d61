package trivium.console;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Session;
import trivium.display.Frame;
import trivium.display.Screen;
import trivium.vm.Vm;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "screenshot",
        description = "Saves a VM's screen as a PNG file, or shows it in the terminal.",
        detailedDescription = "classpath:screenshot.txt")
public final class ScreenshotCommand extends VmCommand {
    @Reference Session session;

    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.On.class)
    String name;

    @Argument(index = 1, name = "file", description = "A new file *.png; else NAME.png")
    @Completion(Choices.Files.class)
    String file;

    @Option(name = "--ansi", description = "Draw it in the terminal with coloured half blocks")
    boolean ansi;

    @Option(name = "--text", description = "Print the characters of a text screen")
    boolean text;

    @Option(name = "--overwrite", description = "Replace the file if it exists")
    boolean overwrite;

    @Override
    void run() throws Exception {
        Screen screen = screen();
        List<String> rows = screen.text();
        if (text && rows.isEmpty()) {
            throw new VmException("VM '%s' shows graphics, no text".formatted(name));
        }
        if (text || ansi && !rows.isEmpty()) {
            rows.forEach(row -> out.println(row.stripTrailing()));
        } else if (ansi) {
            HalfBlocks.draw(frame(screen), terminalWidth(), terminalHeight(), out);
        } else {
            save(frame(screen));
        }
    }

    private Screen screen() throws VmException {
        Vm vm = vm(name);
        return vm.screen()
                .orElseThrow(() ->
                        new VmException(
                                "VM '%s' is %s: it has no picture".formatted(name, vm.state())));
    }

    private static Frame frame(Screen screen) {
        Frame frame = new Frame();
        screen.refresh(frame);
        return frame;
    }

    private void save(Frame frame) throws IOException, VmException {
        Path path = session.currentDir().resolve(file == null ? name + ".png" : file).normalize();
        if (!path.toString().endsWith(".png")) { // a viewer may call this: harm no other file
            throw new VmException("'%s' does not end in .png".formatted(path));
        }
        var options =
                overwrite
                        ? new StandardOpenOption[] {
                            StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING
                        }
                        : new StandardOpenOption[] {StandardOpenOption.CREATE_NEW};
        var all = new java.util.ArrayList<>(List.of(options));
        all.add(StandardOpenOption.WRITE);
        try (OutputStream png =
                Files.newOutputStream(path, all.toArray(StandardOpenOption[]::new))) {
            ImageIO.write(image(frame), "png", png);
        } catch (FileAlreadyExistsException e) {
            throw new VmException(
                    "%s exists; name another file or say --overwrite".formatted(path), e);
        } catch (IOException e) {
            throw new VmException("cannot write %s: %s".formatted(path, e), e);
        }
        out.println(path);
    }

    private OpenOption[] options() {
        return overwrite
                ? new OpenOption[0] // create or replace
                : new OpenOption[] {StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE};
    }

    private static BufferedImage image(Frame frame) {
        var image = new BufferedImage(frame.width, frame.height, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, frame.width, frame.height, frame.pixels, 0, frame.width);
        return image;
    }

    private int terminalWidth() {
        int width = session.getTerminal() == null ? 0 : session.getTerminal().getWidth();
        return width > 0 ? width : 80;
    }

    private int terminalHeight() {
        int height = session.getTerminal() == null ? 0 : session.getTerminal().getHeight();
        return height > 2 ? height - 1 : 24;
    }
}
