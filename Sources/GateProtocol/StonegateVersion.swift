/// The version of this build.
public enum StonegateVersion {
    public static let current = "0.1.0"
}
