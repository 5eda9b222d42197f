//! Two builds of one set of services: what callers were built with (`ours`), and what the other program hosts (`theirs`).
//! Each service differs between the two in one field inside a nested argument. No test is in here.

pub mod ours;
pub mod theirs;

/// A service whose method takes an order with lines; `line` is what a line consists of.
macro_rules! build {
    ($module:ident, $name:tt, $version:tt, line { $($line:tt)* } $(, more { $($more:tt)* })?) => {
        /// One build of the service.
        pub mod $module {
            use ember::prelude::*;

            /// What is ordered.
            #[message]
            #[derive(Debug, Clone, Default)]
            pub struct Order {
                /// Line by line.
                pub lines: Vec<Option<Line>>,
            }

            /// The nested type that differs.
            #[message]
            #[derive(Debug, Clone, Default)]
            pub struct Line {
                $($line)*
            }

            /// The service.
            #[service(name = $name, version = $version)]
            #[derive(Debug, Default)]
            pub struct Shop {
                orders: u64,
            }

            #[rpc]
            impl Shop {
                /// Counts orders.
                pub async fn rpc_order(&mut self, order: Order) -> u64 {
                    drop(order);
                    self.orders += 1;
                    self.orders
                }

                $($($more)*)?
            }
        }
    };
}
pub(crate) use build;
