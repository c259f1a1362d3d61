package trivium.mmu.shadow.internal;

import java.util.Optional;
import trivium.mmu.LinearWindow;
import trivium.mmu.Mmu;
import trivium.mmu.SharedMappings;
import trivium.x86.plain.WrappedMmu;

/** Another MMU, with a {@link LinearWindow}. */
final class Shadow extends WrappedMmu {
    private final ShadowWindow window;

    Shadow(Mmu mmu, ShadowWindow window) {
        super(mmu);
        this.window = window;
    }

    @Override
    public Optional<SharedMappings> shared() {
        return mmu.shared();
    }

    @Override
    public Optional<LinearWindow> window() {
        return Optional.of(window);
    }

    @Override
    public void close() {
        window.closeAll();
        super.close();
    }
}
