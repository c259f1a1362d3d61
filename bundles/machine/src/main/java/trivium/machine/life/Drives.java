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
import trivium.machine.block.RemovableDrive;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

/** The drives of a VM that is on, by slot, with their open images. */
final class Drives implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Drives.class);

    private final Map<String, RawImage> disks = new LinkedHashMap<>();
    private final Map<String, RemovableDrive> removable = new LinkedHashMap<>();

    static Drives open(List<Drive> drives) throws VmException {
        Drives all = new Drives();
        try {
            for (Drive drive : drives) {
                all.add(drive);
            }
            return all;
        } catch (VmException e) {
            all.close();
            throw e;
        }
    }

    private void add(Drive drive) throws VmException {
        if (RemovableDrive.removable(drive.kind())) {
            removable.put(drive.slot(), new RemovableDrive(drive));
        } else {
            disks.put(drive.slot(), RawImage.open(drive));
        }
    }

    Optional<BlockBackend> at(String slot) {
        BlockBackend drive = disks.get(slot);
        return Optional.ofNullable(drive == null ? removable.get(slot) : drive);
    }

    /** The drive in a slot, if its medium can be changed. */
    Optional<RemovableDrive> removable(String slot) {
        return Optional.ofNullable(removable.get(slot));
    }

    @Override
    public void close() {
        disks.forEach((slot, image) -> {
            try (image) {
                image.flush();
            } catch (IOException e) {
                lost(slot, e);
            }
        });
        removable.forEach((slot, drive) -> {
            try {
                drive.close();
            } catch (IOException e) {
                lost(slot, e);
            }
        });
    }

    private static void lost(String slot, IOException e) {
        LOG.error("{}: the image's last writes may be lost", slot, e);
    }
}
