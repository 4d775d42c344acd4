/// One key of a section: its name, its type and bounds, and the property it sets.
///
/// The table of fields (`ConfigField.all`) is the only list of keys: the loader, the rendering of the effective
/// configuration and the check of the documentation all follow it, and defaults are read from `GatewayConfig()`.
struct ConfigField: Sendable {
    typealias Property<Value> = any (WritableKeyPath<GatewayConfig, Value> & Sendable)

    enum Kind: Sendable {
        case integer(Property<Int>, ClosedRange<Int>)
        case optionalInteger(Property<Int?>, ClosedRange<Int>)
        case duration(Property<Duration>, DurationUnit, ClosedRange<Int>)
        case boolean(Property<Bool>)
        case text(Property<String>, TextRule)
        case optionalText(Property<String?>, TextRule)
        case texts(Property<[String]>, TextRule)
        /// One of several words.
        case choice(ConfigChoice)
    }

    let section: String
    let name: String
    let kind: Kind

    var key: String { section + "." + name }

    /// The environment variable that sets this key.
    var variable: String {
        "STONEGATE_" + String(decoding: (section + "_" + name).utf8.map(\.uppercased), as: UTF8.self)
    }
}

/// The unit in which the file gives a duration.
enum DurationUnit: String, Sendable {
    case milliseconds = "ms"
    case seconds = "s"

    func duration(_ count: Int) -> Duration {
        switch self {
        case .milliseconds: .milliseconds(count)
        case .seconds: .seconds(count)
        }
    }

    /// The duration in whole units, cut.
    func count(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        switch self {
        case .seconds: return Int(clamping: seconds)
        case .milliseconds:
            let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
            if overflow { return seconds < 0 ? .min : .max }
            return Int(clamping: product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000).partialValue)
        }
    }
}

extension UInt8 {
    var uppercased: UInt8 { (0x61...0x7A).contains(self) ? self & 0xDF : self }
}
