package trivium.rfb.osgi;

import java.util.Optional;
import trivium.display.Screen;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.rfb.ConsoleTarget;
import trivium.vm.Vm;
import trivium.vm.VmException;

/** A VM as viewers see it. */
record VmTarget(Vm vm, boolean powerControl) implements ConsoleTarget {
    @Override
    public String name() {
        return vm.id();
    }

    @Override
    public Optional<Screen> screen() {
        return vm.screen();
    }

    @Override
    public Optional<KeyboardSink> keyboard() {
        return vm.keyboard();
    }

    @Override
    public Optional<PointerSink> pointer() {
        return vm.pointer();
    }

    @Override
    public Optional<Power> power() {
        return powerControl ? Optional.of(new VmPower(vm)) : Optional.empty();
    }

    private record VmPower(Vm vm) implements Power {
        @Override
        public void shutdown() throws VmException {
            vm.shutdown();
        }

        @Override
        public void reset() throws VmException {
            vm.reset();
        }
    }
}
