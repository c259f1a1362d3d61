package trivium.guests.demo;

import java.io.IOException;
import java.nio.file.Path;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** In a container: the image as a file, {@code guests/demo-guest.bin} in its data folder. */
@Component(
        immediate = true,
        service = {})
public final class DemoGuestFile {
    private static final Logger LOG = LoggerFactory.getLogger(DemoGuestFile.class);

    @Activate
    public DemoGuestFile() {
        String data = System.getProperty("karaf.data");
        if (data == null) {
            return;
        }
        Path file = Path.of(data, "guests", "demo-guest.bin");
        try {
            DemoGuest.write(file);
            LOG.info("demonstration guest: {}", file);
        } catch (IOException e) {
            LOG.error("demonstration guest: {} cannot be written", file, e);
        }
    }
}
