package trivium.machine.life;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import trivium.device.BlockBackend;
import trivium.machine.block.RawImage;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/** The open images of a VM that is on, by slot. */
final class Drives implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Drives.class);

    private final Map<String, RawImage> images = new LinkedHashMap<>();

    static Drives open(List<Drive> drives) throws VmException {
        Drives all = new Drives();
        try {
            for (Drive drive : drives) {
                all.images.put(drive.slot(), RawImage.open(drive));
            }
            return all;
        } catch (VmException e) {
            all.close();
            throw e;
        }
    }

    Optional<BlockBackend> at(String slot) {
        return Optional.ofNullable(images.get(slot));
    }

    @Override
    public void close() {
        images.forEach((slot, image) -> {
            try (image) {
                image.flush();
            } catch (IOException e) {
                LOG.error("{}: the image's last writes may be lost", slot, e);
            }
        });
    }
}
