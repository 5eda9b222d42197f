//! One program, written once: by one word in its attribute a service becomes sharded, and its callers stay as they are.

/// The same twice, but for that word: what is written here, and who calls it.
macro_rules! program {
    ($name:ident $(, $word:ident)?) => {
        pub mod $name {
            use std::{
                collections::{BTreeMap, BTreeSet},
                time::Duration,
            };

            use ember::{CallError, prelude::*, serde_json::json};
            use ember_tests::{cluster::{Cluster, sees}, wait::within};

            use super::Answers;

            #[rpc]
            pub trait Scores {
                #[rpc(key = "player")]
                async fn rpc_count(&self, player: u64) -> u64;
            }

            #[module]
            #[derive(Default)]
            pub struct Bag(BTreeMap<u64, u64>);

            #[rpc]
            impl Bag {
                #[rpc(key = "player")]
                pub async fn rpc_put(&mut self, player: u64) -> u64 {
                    let of = self.0.entry(player).or_default();
                    *of += 1;
                    *of
                }
            }

            #[service($($word,)? implements(Scores))]
            #[derive(Default)]
            pub struct Board {
                of: BTreeMap<u64, u64>,
                #[module]
                bag: Module<Bag>,
            }

            #[rpc]
            impl Scores for Board {
                async fn rpc_count(&mut self, player: u64) -> u64 {
                    self.rpc_score(player, 1).await
                }
            }

            #[rpc]
            impl Board {
                #[rpc(key = "player")]
                pub async fn rpc_score(&mut self, player: u64, by: u64) -> u64 {
                    let of = self.of.entry(player).or_default();
                    *of += by;
                    *of
                }

                #[rpc(key = "player", dedupe = "60s")]
                pub async fn rpc_win(&mut self, player: u64) -> u64 {
                    self.rpc_score(player, 100).await
                }

                #[rpc(key = "player")]
                pub async fn rpc_lose(&mut self, player: u64) -> Result<u64, String> {
                    self.of.remove(&player).ok_or_else(|| format!("{player} has nothing to lose"))
                }

                #[rpc(key = "player")]
                pub async fn rpc_of(&mut self, player: u64) -> Option<u64> {
                    self.of.get(&player).copied()
                }

                #[rpc(key = "player")]
                pub async fn rpc_pid(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> Pid {
                    let _ = player;
                    cx.pid()
                }

                #[rpc(key = "player")]
                pub async fn rpc_panic(&mut self, player: u64) {
                    panic!("because of {player}");
                }
            }

            /// Calls of it in a handler, with a callback.
            #[service]
            #[derive(Default)]
            pub struct Judge;

            #[rpc]
            impl Judge {
                pub async fn rpc_judge(&mut self, cx: &mut Cx<'_, Self>, player: u64) -> Deferred<(u64, u64)> {
                    let (later, replier) = cx.defer();
                    let before = cx.client::<BoardClient>().rpc_score(player, 10).await.unwrap();
                    cx.client::<BoardClient>().rpc_score(player, 10).then(cx, move |_, _, after| {
                        replier.reply((before, after.unwrap()));
                    });
                    later
                }
            }

            async fn calls(node: &Node, ids: u64, answers: &mut Answers) {
                let board = node.client::<BoardClient>();
                for player in 0..24_u64 {
                    let mut say = |what: &str, answer: String| answers.push(format!("{player} {what}: {answer}"));
                    say("typed", format!("{:?}", board.rpc_score(player, 1).await));
                    say("of its contract", format!("{:?}", node.client::<ScoresClient>().rpc_count(player).await));
                    say("sent", format!("{:?}", board.rpc_score(player, 1).send().is_ok()));
                    say("behind what was sent", format!("{:?}", board.rpc_of(player).await));
                    let id = ids + player;
                    say("once", format!("{:?}", board.rpc_win(player).once(id).await));
                    say("once more", format!("{:?}", board.rpc_win(player).once(id).await));
                    say("by name", format!("{:?}", node.call("Board", "rpc_win", json!([player])).await));
                    let scored = node.call("Board", "Scores.rpc_count", json!([player])).await;
                    say("of its contract by name", format!("{scored:?}"));
                    say("with a callback", format!("{:?}", node.client::<JudgeClient>().rpc_judge(player).await));
                    say("in its module", format!("{:?}", board.bag().rpc_put(player).await));
                    say("in its module by name", format!("{:?}", node.call("Board", "bag.rpc_put", json!([player])).await));
                    say("with a limit", format!("{:?}", board.rpc_score(player, 1).timeout(Duration::from_secs(9)).await));
                    say("an error of its own", format!("{:?}", (board.rpc_lose(player).await, board.rpc_lose(player).await)));
                    say("afterwards", format!("{:?}", board.rpc_of(player).await));
                }
            }

            pub async fn run() -> (Answers, usize) {
                let (cluster, mut answers) = (Cluster::default(), Answers::new());
                let here = cluster.node("here").service_with(Board::default).service(Judge).start().await.unwrap();
                let there = cluster.node("there").service(Judge).start().await.unwrap();
                sees(&there, "Board", 1).await;
                within("the calls of its own node", calls(&here, 0, &mut answers)).await;
                within("the calls of another node", calls(&there, 1_000, &mut answers)).await;
                let board = there.client::<BoardClient>();
                let Err(CallError::MaybeExecuted(panicked)) = board.rpc_panic(7).await else { panic!("it panics") };
                answers.push(format!("{:?}", panicked.reason()));
                let mut states = BTreeSet::new();
                for player in 0..24 {
                    states.insert(board.rpc_pid(player).await.unwrap());
                }
                there.shutdown().await.unwrap();
                here.shutdown().await.unwrap();
                (answers, states.len())
            }
        }
    };
}

pub type Answers = Vec<String>;

program!(exclusive);
program!(many, sharded);

#[tokio::test]
async fn a_service_whose_methods_name_their_key_becomes_sharded_by_one_word_and_its_callers_stay_as_they_are() {
    let ((one, state), (many, states)) = (exclusive::run().await, many::run().await);
    for (one, other) in one.iter().zip(&many) {
        assert_eq!(one, other);
    }
    assert_eq!((one.len(), state), (many.len(), 1));
    assert!(states > 12, "of 64 shards: {states}");
    assert!(one.iter().any(|answer| answer == "7 once more: Ok(103)"), "{one:#?}");
}
