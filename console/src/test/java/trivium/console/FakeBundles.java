package trivium.console;

import java.lang.reflect.Proxy;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Version;

/** A container with one bundle, of id 5, that can be removed. */
final class FakeBundles {
    boolean removed;

    private final Bundle bundle =
            (Bundle)
                    Proxy.newProxyInstance(
                            FakeBundles.class.getClassLoader(),
                            new Class<?>[] {Bundle.class},
                            (_, method, _) ->
                                    switch (method.getName()) {
                                        case "getBundleId" -> 5L;
                                        case "getSymbolicName" -> "engine-bt";
                                        case "getVersion" -> new Version(1, 2, 3);
                                        case "uninstall" -> {
                                            removed = true;
                                            yield null;
                                        }
                                        default ->
                                                throw new UnsupportedOperationException(
                                                        method.getName());
                                    });

    BundleContext context() {
        return (BundleContext)
                Proxy.newProxyInstance(
                        FakeBundles.class.getClassLoader(),
                        new Class<?>[] {BundleContext.class},
                        (proxy, method, args) ->
                                switch (method.getName()) {
                                    case "getBundles" -> new Bundle[] {bundle};
                                    case "getBundle" ->
                                            args[0].equals(5L) && !removed ? bundle : null;
                                    case "hashCode" -> System.identityHashCode(proxy);
                                    case "equals" -> proxy == args[0];
                                    default -> throw new UnsupportedOperationException();
                                });
    }
}
