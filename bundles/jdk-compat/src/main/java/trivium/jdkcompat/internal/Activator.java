package trivium.jdkcompat.internal;

import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.hooks.weaving.WeavingHook;

/** Registers the weavers as early as this bundle starts; DS would be too late for them. */
public final class Activator implements BundleActivator {
    @Override
    public void start(BundleContext context) {
        context.registerService(WeavingHook.class, new SubjectWeaver(), null);
        context.registerService(WeavingHook.class, new WordsWeaver(), null);
        context.registerService(WeavingHook.class, new TerminalWeaver(), null);
    }

    @Override
    public void stop(BundleContext context) {
        // the framework withdraws the service
    }
}
