package trivium.machine.life;

import java.util.Optional;
import trivium.device.BlockBackend;
import trivium.device.SerialBackend;
import trivium.machine.board.Backends;
import trivium.machine.boot.Boot;
import trivium.vm.VmConfig;

/** What a VM's configuration gives its board. */
record VmBackends(VmConfig config, Boot boot, Drives drives, Optional<SerialBackend> com1)
        implements Backends {
    @Override
    public Optional<SerialBackend> serial(int port) {
        return port == 0 ? com1 : Optional.empty();
    }

    @Override
    public Optional<BlockBackend> drive(String slot) {
        return drives.at(slot);
    }

    @Override
    public Optional<String> property(String key) {
        return switch (key) {
            case "name" -> Optional.of(config.name());
            case "boot-order" -> Optional.of(boot.order()).filter(order -> !order.isEmpty());
            default -> Optional.empty();
        };
    }

    @Override
    public Optional<byte[]> firmware(String role) {
        return boot.firmware(role);
    }
}
