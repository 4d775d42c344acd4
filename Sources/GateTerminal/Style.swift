/// Emphasis for people; without effect where it would be noise.
package struct Style: Sendable {
    package enum Emphasis: String, Sendable {
        case plain = "0"
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    package let isEnabled: Bool

    package init(isEnabled: Bool) { self.isEnabled = isEnabled }

    /// Colours on a terminal only, and not when the user wants none (https://no-color.org).
    package init(isTerminal: Bool, environment: [String: String]) {
        let isUnwanted = environment["NO_COLOR"]?.isEmpty == false
        isEnabled = isTerminal && !isUnwanted && environment["TERM"] != "dumb"
    }

    package func apply(_ emphasis: Emphasis, _ text: String) -> String {
        isEnabled && emphasis != .plain ? "\u{1B}[\(emphasis.rawValue)m\(text)\u{1B}[0m" : text
    }
}
